"""Takes studies in over DICOM and answers yes only when they are safe on disk."""

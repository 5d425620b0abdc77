"""Pure builders: a source study and its findings become DICOM objects a viewer shows."""

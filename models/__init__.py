"""Networks, their weights and their cards: arrays in, arrays out, no DICOM."""

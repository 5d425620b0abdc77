"""Pure builders: a source study and its findings become DICOM objects a viewer shows.

`build.build_results` is the way in; importing this package alone imports no library.
"""

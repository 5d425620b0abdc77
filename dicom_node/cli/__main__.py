"""`python -m dicom_node.cli` is `dicom-node`."""

import sys

from dicom_node.cli import main

sys.exit(main())

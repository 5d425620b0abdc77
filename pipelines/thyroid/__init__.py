"""Ultrasound of the neck: nodules found, outlined and measured; suspicious or not, and why.

Nothing is imported here: the node reads a site's options (`options`) without numpy or tensorflow.
"""

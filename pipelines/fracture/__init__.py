"""X-rays of arms, legs, hips and shoulders: fractured or not, how likely, where, and why.

Nothing is imported here: the node reads a site's options (`options`) without numpy or torch.
"""

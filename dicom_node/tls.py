"""TLS for the listener and for associations of our own: PS3.15 B.12, the BCP 195 profile."""

from __future__ import annotations

import ssl

from config.settings import Tls


def server_context(settings: Tls) -> ssl.SSLContext:
    """What the listener shows and asks of its peers; OSError or SSLError where a file is bad."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.certificate, settings.key or None)
    if settings.ca:
        context.load_verify_locations(cafile=settings.ca)
    if settings.require_client_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
    elif settings.ca:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(settings: Tls) -> ssl.SSLContext:
    """What we show and ask when we open an association to a peer that speaks TLS.

    Peers are trusted by who signed their certificate and known by address, so the name in the
    certificate is not compared: modalities seldom have a DNS name.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=settings.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if settings.certificate:
        context.load_cert_chain(settings.certificate, settings.key or None)
    return context

# syntax=docker/dockerfile:1
# The node as an image: dependencies in one stage, only what runs in the other.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/dicom-node
# What changes rarely comes first, so that a change of our code rebuilds one small layer.
COPY requirements.txt /src/
RUN /opt/dicom-node/bin/pip install -r /src/requirements.txt
COPY pyproject.toml requirements.in /src/
COPY config /src/config
COPY storage /src/storage
COPY dicom_node /src/dicom_node
COPY pipelines /src/pipelines
COPY models /src/models
COPY results /src/results
COPY gateway /src/gateway
COPY bench /src/bench
RUN /opt/dicom-node/bin/pip install --no-deps /src

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin node \
    && install --directory --owner node --mode 0750 /data
COPY --from=build /opt/dicom-node /opt/dicom-node
ENV PATH=/opt/dicom-node/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DICOM_NODE_NODE__HOST=0.0.0.0 \
    DICOM_NODE_NODE__DATA_DIR=/data \
    DICOM_NODE_HTTP__HOST=0.0.0.0 \
    TMPDIR=/data
USER node
WORKDIR /data
VOLUME /data
EXPOSE 11112 8080
# SIGTERM drains: open associations and running jobs may finish.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 11112), 3).close()"]
ENTRYPOINT ["dicom-node"]
CMD ["serve"]

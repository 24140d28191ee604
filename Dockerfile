# SPDX-License-Identifier: Apache-2.0
# A worker, and the whole command line, on Debian: docker build -t tarn .
#
# Tests/DeploymentTests holds every command, flag, port, variable and path here against the product.

FROM swift:6.3.1-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libfuse3-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
ARG TARN_COMMIT=unknown
RUN swift build -c release --product tarn --static-swift-stdlib \
    && install -D -m 755 .build/release/tarn /out/tarn

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl fuse3 libfuse3-3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 7400 --user-group --home-dir /var/lib/tarn --create-home tarn \
    && install -d -o tarn -g tarn -m 750 /var/cache/tarn
COPY --from=build /out/tarn /usr/local/bin/tarn

# Listeners are on loopback, as everywhere, until a deployment says where else; see
# docker-compose.yml and Docs/configuration.md.
ENV TARN_WORKER_DATA_DIR=/var/lib/tarn/data \
    TARN_WORKER_CACHE=/var/cache/tarn=10GiB
VOLUME ["/var/lib/tarn", "/var/cache/tarn"]
EXPOSE 7400 7402 7403 7403/udp
USER tarn
ENTRYPOINT ["tarn"]
CMD ["worker", "start"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:7400/healthz"]

# The image of Tollgate: one static binary and nothing else.
#
#   docker build -t tollgate:0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#
# With BuildKit, `--sbom=true --provenance=true` attaches a list of what is in it.

FROM docker.io/library/rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY config config
COPY tests tests
COPY src src
# Compiled dependencies are kept between builds. The binary is linked statically, with the C library.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo rustc --locked --release --bin tollgate -- -C target-feature=+crt-static -C strip=symbols \
    && install -D target/release/tollgate /rootfs/usr/bin/tollgate \
    && install -d -m 1777 /rootfs/tmp \
    && install -d /books/tollgate

FROM scratch AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tollgate" \
      org.opencontainers.image.description="An internal HTTP gateway in front of the Amplemarket API that never pays for a lead twice" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /rootfs /
# The folder of an embedded store and of the export, where none is mounted.
COPY --from=build --chown=65532:65532 /books /var/lib
WORKDIR /var/lib/tollgate
USER 65532:65532
# Callers and operators. Where the gateway listens is a setting, and loopback by default:
# TOLLGATE_SERVER__LISTEN=0.0.0.0:8080, TOLLGATE_SERVER__ADMIN_LISTEN=0.0.0.0:8081.
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# Asks /livez at the address that the settings in the environment give. Kubernetes has its own probes.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 CMD ["/usr/bin/tollgate", "health"]
ENTRYPOINT ["/usr/bin/tollgate"]
CMD ["serve"]

# The binary on a small Debian, for a user without rights. The runtime needs glibc 2.34 or later; --build-arg RUNTIME=...
# takes another, such as a distroless "cc" image.
ARG RUNTIME=debian:bookworm-slim

FROM node:24-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY tools/node/package.json tools/node/
RUN npm ci --loglevel=error
COPY . .
# Without the scripts around it: what they would install is installed.
RUN npm run --ignore-scripts build:binary && mv dist/bin/callora-* /callora \
  && install -d -m 0700 -o 65532 -g 65532 /data

FROM ${RUNTIME}
COPY --from=build /callora /usr/local/bin/callora
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /src/LICENSE /src/dist/THIRD-PARTY.txt /src/dist/sbom.cdx.json /usr/share/doc/callora/
# Both listeners are named here, so that a config made for a machine works in a container as it is: consumers reach the
# gateway from outside, the operator's listener stays inside unless CALLORA_ADMIN_LISTEN says otherwise.
ENV HOME=/data TMPDIR=/data CALLORA_LISTEN=0.0.0.0:8402 CALLORA_ADMIN_LISTEN=127.0.0.1:8403
VOLUME ["/data"]
WORKDIR /data
USER 65532:65532
EXPOSE 8402
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["/usr/local/bin/callora", "health"]
ENTRYPOINT ["/usr/local/bin/callora"]
CMD ["serve"]

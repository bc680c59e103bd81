# The server and all commands, for a PostgreSQL of your own: docs/operations.md, "In a container". The gate runs these RUN lines
# without Docker (.ci/check-production.cjs), so they name no absolute path.
#
# No install script runs: only the embedded database has one that is needed, and npm before 12 takes `allowScripts` for advice.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# With optional packages: the bundler has its programs in them.
RUN npm ci --ignore-scripts
COPY nest-cli.json rolldown.config.mjs tsconfig.json tsconfig.build.json ./
COPY src src
COPY web web
RUN npm run build
RUN mkdir bin && ln -s ../dist/src/cli.js bin/ground-truth

# Apart from the build, so that npm's cache and the development tools stay out of the image.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Nor the embedded database: a container keeps no data.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
# Others than the container itself can reach this address, so requests need an API key.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 PATH=/app/bin:$PATH
WORKDIR /app
COPY package.json LICENSE ./
COPY samples/surat-perintah.jsonl samples/
COPY samples/contents samples/contents
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
# By number, since Kubernetes cannot tell from a name that it is not root. Everything above is root's, and nothing is
# written, not even to /tmp: a read-only root file system needs no exceptions.
USER 1000:1000
EXPOSE 3000
# There is no curl in the image.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself gets the signals: no shell stands before it. Instead of the server, `ground-truth COMMAND` runs a command.
ENTRYPOINT []
CMD ["node", "dist/src/main.js"]

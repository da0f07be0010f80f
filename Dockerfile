# Built from the sources, run with nothing but Node, our compiled files and what they import.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.inspector.config.ts ./
COPY machines machines
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:22-alpine
ENV NODE_ENV=production HOST=0.0.0.0 PORT=9090 XDG_STATE_HOME=/state
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE providers.example.yaml ./
# Where health is kept over a restart; a volume takes its owner from here.
RUN mkdir -p /state /config && chown node:node /state
# The configuration is looked for here: providers.yaml or config.yaml. Mount the folder, not the file, so that a change is seen.
WORKDIR /config
USER node
EXPOSE 9090
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/src/main.js"]
CMD ["start"]

# The HTTP server, for a PostgreSQL of your own: docker run -e DATABASE_URL=… -e HOST=0.0.0.0 -p 3000:3000 ground-truth
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional
COPY . .
RUN npm run build

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
# Neither development tools nor the embedded database: a container keeps no data.
RUN npm ci --omit=dev --omit=optional
COPY --from=build /app/dist ./dist
COPY samples/surat-perintah.jsonl ./samples/
USER node
EXPOSE 3000
CMD ["node", "dist/src/main.js"]

export * from "./api";
export * from "./http";
export * from "./link";
export * from "./outbox";
export * from "./types";

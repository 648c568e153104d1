// The one part of Node that a test reaches for; its types are not loaded, because browser code must not see them.
declare module "node:console" {
  const console: Console;
  export default console;
}

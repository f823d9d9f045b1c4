// What is used of mermaid, whose package has no types and sets a global.
declare module "@mermaid-js/tiny" {}

declare const mermaid: {
  initialize(settings: object): void;
  render(id: string, code: string): Promise<{ svg: string }>;
};

// A plugin of opencode: keeps the server's password out of the environment of everything that opencode starts.
// Copies of process.env leave out what is not enumerable; opencode itself can still read it.
export const HidePassword = async () => {
  const name = "OPENCODE_SERVER_PASSWORD"
  const value = process.env[name]
  if (value && Object.keys(process.env).includes(name)) {
    delete process.env[name]
    Object.defineProperty(process.env, name, { value, enumerable: false, configurable: true, writable: true })
  }
  return {}
}

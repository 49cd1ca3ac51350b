/// The seven things a JSON value can be.
package enum JSONKind: UInt8, Sendable {
  case null, `false`, `true`, number, string, object, array
}

/// What this build calls itself.
package enum RelayVersion {
  package static let number = "0.1.0"
  package static let userAgent = "huggy-relay/\(number)"
}

/// How much of header lines a request of several events may hold, so that what stands between takes it: what was measured of
/// receivers and proxies is in docs/batches.md.
package enum HeaderBudget {
  /// Of all lines that the relay sends, names and line ends included. Sanic and lighttpd take 8,192 with the request line,
  /// and proxies add lines of their own.
  package static let maxBytes = 6_000
  /// Varnish takes 58 lines, proxies' own included.
  package static let maxFields = 30
  /// Of the value of `huggy-relay-events`: a hundred ids and the commas between them are 4,099.
  package static let maxEventIDsBytes = 4_200
}

import RelayCore

/// What can be asked of the samples that charts are drawn of.
package protocol SeriesOperations: AnyObject, Sendable {
  /// - Throws: `notFound` for a destination that there is not, and was not lately.
  func series(_ request: SeriesRequest) throws(OperationError) -> SeriesReport
}

/// Somebody who would be woken for each answer of the store, and is woken once for all that one commit brings.
package protocol AnswerGathering: AnyObject, Sendable {
  /// On the store's thread: the answers that follow belong together.
  func beginGathering()
  /// They have all been given.
  func endGathering()
}

extension DeliveryEngine: AnswerGathering {}

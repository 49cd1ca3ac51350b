/// What time people would say it is, injected. It may be set, forward and back.
///
/// For what is shown and sent: signatures, ids, times in answers. Nothing waits for it or grows old by it: that is the
/// `SteadyClock`'s.
package protocol WallClock: Sendable {
  func now() -> Timestamp
}

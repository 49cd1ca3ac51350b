/// What is to be done with bytes that have arrived, before anything looks into them.
enum InputAction: Equatable {
  /// They belong to the request that is being received.
  case decode
  /// They belong to a later one.
  case hold
  /// Nobody will look at them.
  case discard
  /// This client has been sending for long enough.
  case close
}

/// Whether a new connection is served.
enum ConnectionAdmission {
  case open
  /// Told that there are too many.
  case turnedAway
}

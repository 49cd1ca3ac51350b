/// What this build calls itself.
public enum RelayVersion {
  public static let number = "0.1.0"
  public static let userAgent = "huggy-relay/\(number)"
}

/// What the configuration will say in later versions: each is an error at its key until then. Take an entry
/// out when its behaviour comes.
enum LaterKeys {
  static let tls = [
    "certificate": "client certificates",
    "key": "client certificates",
  ]
  static let authorization = ["oauth2": "OAuth 2"]

  static let postgres = "a store on PostgreSQL"
  static let cloudEvents = "the format cloudevents"

  static func message(_ feature: String) -> String {
    "not yet: this version lacks \(feature); remove it"
  }
}

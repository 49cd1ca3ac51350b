import RelayCore
import RelayDigest
import RelayText

extension URLMask {
  /// A shorter value of a query is in many a word.
  private static let shortestValue = 8

  /// What `masked` takes out of an address, as a destination that was called by it may repeat it: as it stands there, as it is meant,
  /// and as it is sent (`Authorization: Basic`).
  static func secrets(of url: String) -> [Secret] {
    guard let scheme = url.firstRange(of: "://") else { return [] }
    let rest = url[scheme.upperBound...].prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let tail: Substring = rest[authority.endIndex...]
    let path: Substring = tail.prefix { $0 != "?" }
    let items: [Substring] = tail.dropFirst(path.count + 1).split(separator: "&")
    let values = items.map { item -> Substring in
      item.firstIndex(of: "=").map { item[item.index(after: $0)...] } ?? item
    }
    let words: [Substring] = path.split(separator: "/")
    let parts =
      words.filter { $0.utf8.count >= longestWord } + values.filter { $0.utf8.count >= shortestValue }
    return credentials(in: authority) + parts.flatMap(spellings)
  }

  private static func credentials(in authority: Substring) -> [Secret] {
    guard let end = authority.lastIndex(of: "@") else { return [] }
    let pair = authority[..<end]
    let colon = pair.firstIndex(of: ":") ?? pair.endIndex
    let (user, password) = (String(pair[..<colon]).percentDecoded, pair[colon...].dropFirst())
    // libcurl sends the pair also where one of the two is empty.
    let sent = Secret(Base64.text(Array("\(user):\(String(password).percentDecoded)".utf8)))
    return [sent] + (password.isEmpty ? [] : spellings(password))
  }

  private static func spellings(_ text: Substring) -> [Secret] {
    let meant = String(text).percentDecoded
    return [Secret(String(text))] + (meant == text ? [] : [Secret(meant)])
  }
}

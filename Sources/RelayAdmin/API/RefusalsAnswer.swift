import RelayCore
import RelayPipeline

/// `GET /api/v1/rejections`.
package struct RefusalsAnswer: Answer {
  @Field("The refused requests, newest first; those that are alike stand as one.")
  package var rejections: [RefusalAnswer]

  var resultCount: Int? { rejections.count }
}

extension RefusalsAnswer {
  init(_ refusals: [RefusedRequest]) {
    self.init()
    rejections = refusals.map { RefusalAnswer($0) }
  }
}

/// A request that was refused, and how many like it.
package struct RefusalAnswer: Record {
  @Field("When the last of them was refused. All that follows is the last one's, too.") package var at:
    Timestamp
  @Field("When the first of them was refused.") package var firstAt: Timestamp
  @Field("How many there were.") package var count: Int
  @Field("The path that was asked for.") package var path: String
  @Field("The status that it was answered with.") package var status: Int
  @Field("The `code` of the answer's error.") package var code: String
  @Field("Why, for people.") package var reason: String
  @Field("The place in the body that is to blame, in bytes.") package var offset: Int?
  @Field("The address that it came from.") package var peer: String?
  @Field(
    "The address that it counts as, where that is another: the peer is one of `server.trusted_proxies`, and names it."
  )
  package var client: String?
  @Field("The header `forwarded` or `x-forwarded-for`.") package var forwardedFor: String?
  @Field("The header `user-agent`.") package var agent: String?
  @Field("How large the body was, in bytes; null: it never came whole.") package var bodyBytes: Int?
  @Field("Its first 4 KiB, secrets masked; what is no UTF-8 is replaced by U+FFFD.", .contents) package
    var body: String?
}

extension RefusalAnswer {
  init(_ refused: RefusedRequest) {
    self.init()
    at = refused.at
    firstAt = refused.firstAt
    count = refused.count
    path = refused.path
    status = refused.status
    code = refused.code
    reason = refused.reason
    offset = refused.offset
    peer = refused.peer
    client = refused.client
    forwardedFor = refused.forwardedFor
    agent = refused.userAgent
    bodyBytes = refused.bodyBytes
    body = String(decoding: refused.body, as: UTF8.self)
  }
}

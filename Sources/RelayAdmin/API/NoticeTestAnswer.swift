import RelayCore
import RelayPipeline

/// `POST /api/v1/notify/{receiver}/test`: nothing but a reason.
package struct NoticeTestInput: Input {
  package init() {}
}

/// What came of it. Secrets are masked.
package struct NoticeTestAnswer: Answer {
  @Field("The receiver.") package var name: String
  @Field("`json`, `slack` or `heartbeat`.") package var format: String
  @Field("It was answered with a 2xx.") package var sent: Bool
  @Field("POST; of a heartbeat GET.") package var method: String
  @Field("What was sent, as text; empty: a request without a body.") package var body: String
  @Field("The status of the answer; null: there was none.") package var status: Int?
  @Field("The first KiB of the answer; what is no UTF-8 is replaced by U+FFFD.") package var answer: String
  @Field("Why there was no answer.") package var error: String?
}

extension NoticeTestAnswer {
  init(_ report: NoticeTestReport) {
    self.init()
    name = report.receiver
    format = report.format.rawValue
    sent = report.reply.isTaken
    method = report.method
    body = String(decoding: report.body, as: UTF8.self)
    status = report.reply.status
    answer = String(decoding: report.reply.body, as: UTF8.self)
    error = report.reply.failure
  }
}

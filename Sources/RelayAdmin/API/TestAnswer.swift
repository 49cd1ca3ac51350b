import RelayCore
import RelayPipeline

/// `POST /api/v1/destinations/{destination}/test`: the request as it was sent, and what came of it. Secrets are masked.
package struct TestAnswer: Answer {
  package struct TestHeader: Record {
    @Field("Its name, as it was sent.") package var name: String
    @Field("Its value.") package var value: String
  }

  package struct TestRequest: Record {
    @Field("Always POST.") package var method: String
    @Field("Where it went; what is likely a secret in it is masked.") package var url: String
    @Field("In the order in which they were sent; empty: nothing was sent.") package var headers: [TestHeader]
    @Field("What was sent, as text.") package var body: String
  }

  package struct TestReply: Record {
    @Field("The status.") package var status: Int
    @Field("Of the final answer: the first hundred.") package var headers: [TestHeader]
    @Field("The first KiB of the body; what is no UTF-8 is replaced by U+FFFD.") package var body: String
    @Field("How much of the body was read, in bytes.") package var bodyBytes: Int
  }

  package struct TestTimes: Record {
    @Field("Until the name was looked up, in milliseconds from the start; null: it did not come to that.")
    package var nameMs: Double?
    @Field("Until the connection stood.") package var connectMs: Double?
    @Field("Until TLS was agreed on.") package var tlsMs: Double?
    @Field("Until the first byte of the answer.") package var firstByteMs: Double?
    @Field("Until the end.") package var totalMs: Double
  }

  package struct TestCertificate: Record {
    @Field("Whose certificate of the chain ends first.") package var subject: String
    @Field("When it ends.") package var ends: Timestamp
    @Field("How many certificates the server sent.") package var chainLength: Int
  }

  @Field("The destination.") package var destination: String
  @Field("The event's type.") package var type: String
  @Field("The answer was a 2xx: a delivery would have been delivered.") package var delivered: Bool
  @Field("What was sent.") package var request: TestRequest
  @Field("What was answered; null: there was no answer.") package var answer: TestReply?
  @Field("Why there was no answer.") package var error: String?
  @Field("When it came to what.") package var times: TestTimes
  @Field("The address and port that it was connected to.") package var peer: String?
  @Field("Of TLS; null: there was none.") package var certificate: TestCertificate?
}

extension TestAnswer {
  init(_ report: TestReport) {
    self.init()
    let probe = report.probe
    destination = report.destination
    type = report.eventType
    delivered = probe.isSuccess
    request = TestRequest(report)
    answer = probe.answer.map { TestReply($0) }
    error = probe.failure?.description
    times = TestTimes(probe.times)
    peer = probe.peer
    certificate = probe.certificate.map { TestCertificate($0) }
  }
}

extension TestAnswer.TestHeader {
  init(_ field: ProbeReport.Field) {
    self.init()
    name = field.name
    value = field.value
  }
}

extension TestAnswer.TestRequest {
  init(_ report: TestReport) {
    self.init()
    method = "POST"
    url = report.url
    headers = report.probe.sentHeaders.map { TestAnswer.TestHeader($0) }
    body = String(decoding: report.body, as: UTF8.self)
  }
}

extension TestAnswer.TestReply {
  init(_ answer: ProbeReport.Answer) {
    self.init()
    status = answer.status
    headers = answer.headers.map { TestAnswer.TestHeader($0) }
    body = String(decoding: answer.body, as: UTF8.self)
    bodyBytes = answer.bodyBytes
  }
}

extension TestAnswer.TestTimes {
  init(_ times: ProbeReport.Times) {
    self.init()
    nameMs = times.nameLookup?.apiMilliseconds
    connectMs = times.connected?.apiMilliseconds
    tlsMs = times.tlsDone?.apiMilliseconds
    firstByteMs = times.firstByte?.apiMilliseconds
    totalMs = times.total.apiMilliseconds
  }
}

extension TestAnswer.TestCertificate {
  init(_ certificate: ProbeReport.Certificate) {
    self.init()
    subject = certificate.subject
    ends = certificate.end
    chainLength = certificate.chainLength
  }
}

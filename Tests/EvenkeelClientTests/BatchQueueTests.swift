import Testing
@testable import EvenkeelClient


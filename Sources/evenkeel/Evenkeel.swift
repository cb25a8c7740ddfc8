import ArgumentParser
@main struct Evenkeel: AsyncParsableCommand {}

// What the wire module costs per span. Exits with 1 when a limit is exceeded: allocations are exact, times have three
// times what the code took when the limit was set, since machines differ.
import Glibc

if CommandLine.arguments.dropFirst().first == "verdicts" {
    printVerdicts()
} else {
    exit(runBenchmarks() ? 0 : 1)
}

/** The command line as a program for hosts, compiled together with the tests. */
import '../../bus/cli/main.ts'

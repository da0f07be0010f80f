/** What `help` prints. */
export const HELP = `claude-code-balancer: a proxy before Claude Code that balances and fails over between providers

Usage: claude-code-balancer [command] [options]

Commands
  start            serve (this is also what happens without a command)
  check [FILE]     read the configuration and say everything that is wrong with it
  demo             serve before three simulated providers, to watch failover without a key
  help             this text

Options
  -c, --config FILE   the configuration of start and check; else ./providers.yaml, ./config.yaml,
                      $XDG_CONFIG_HOME/claude-code-balancer/providers.yaml
  -p, --port N        the port of start and demo (default 9090; 0: any free one)
      --host H        the address to listen on, of start and demo (default 127.0.0.1)
      --env NAME      accepted from older versions, changes nothing
  -h, --help          this text
  -v, --version       the version

Environment
  PORT, HOST          go before the configuration, and --port and --host before them
  NO_COLOR            no colours

Signals
  SIGTERM, SIGINT     let running requests finish (settings.shutdown_timeout), then end; a second one ends at once

Exit codes: 0 all is well, 1 it failed or the configuration has errors, 2 the command line is wrong

Examples
  claude-code-balancer start --config providers.yaml --port 9090
  claude-code-balancer check providers.yaml
  ANTHROPIC_BASE_URL=http://127.0.0.1:9090 claude
`;

/** What a mistaken command line gets, after what is wrong with it. */
export const SEE_HELP = 'See claude-code-balancer --help.';

"""The entry point: finds the node, loads only the command that is called, turns errors into exit codes."""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from comity import __version__
from comity.cli.output import DONE, FAILED, fail
from comity.errors import ComityError, Malformed

COMMANDS = {
    "agreement": "agreements: new, check, read, compare, agree with peers, suspend, end",
    "assurance": "signed promises between countries: give, list, show, verify, withdraw, breach",
    "bench": "measured figures, as ratios",
    "db": "the database: upgrade",
    "doctor": "check this node and its peers, with the remedy",
    "exchange": "exchanges: list, show, refresh",
    "inbox": "peers' questions that wait for a person: list, show, approve, refuse, return",
    "init": "make a node home",
    "key": "the node's keys and certificates",
    "ledger": "the ledger: status, show, verify, prove",
    "peer": "peers and trust",
    "policy": "what would be decided, and why: explain, impact, coverage, mirror, prove, who",
    "query": "ask peers about a person, company, vehicle, document or account",
    "receipt": "verify a peer's receipt offline",
    "records": "own records: import, search, show",
    "run": "run the node",
    "sandbox": "a whole federation on this machine",
    "staff": "the people of this node's desk",
}


class LazyGroup(click.Group):
    """Imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  the signature is click's
        """Return all command names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command by name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"comity.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run, with a `ComityError` as a message and an exit code instead of a traceback."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            if any("\udc80" <= letter <= "\udcff" for word in given for letter in word):
                raise Malformed("a word of the command line is not UTF-8: check the terminal's locale")
            ended = super().main(args=given, **{**extra, "prog_name": "comity", "standalone_mode": False})
            sys.exit(ended if isinstance(ended, int) else DONE)
        except click.ClickException as error:
            error.show()
            if "--json" in given:
                click.echo(json.dumps({"error": {"reason": "USAGE", "message": error.format_message()}}))
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("comity: stopped", err=True)
            sys.exit(FAILED)
        except ComityError as error:
            sys.exit(fail(error, "--json" in given))
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except OSError as error:  # a file that is not there, not ours, or no file; the path is the user's own
            said = f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}"
            sys.exit(fail(ComityError(said), "--json" in given))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="comity")
@click.option("--home", metavar="DIR", help="The node's home; else COMITY_HOME, else the XDG data directory.")
@click.option("--node", metavar="CC", help="In a sandbox: the country whose node is meant.")
@click.pass_context
def main(ctx: click.Context, home: str | None, node: str | None) -> None:
    """Ask other countries' agencies, and answer them, as far as agreements allow: signed, logged, provable."""
    ctx.obj = {"home": home, "node": node}


if __name__ == "__main__":
    main()

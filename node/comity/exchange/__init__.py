"""The one path of every exchange: requester side, responder side, fan-out, replay guard."""

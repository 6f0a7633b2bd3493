"""YunKuaiChong, the binary charging protocol over TCP: frames, charge point (pile) and platform."""

"""Words everyone uses: numbers, ids, time, errors, facts. Pure; imports nothing of ours."""

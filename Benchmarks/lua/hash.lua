-- POST /hash with 32 random letters, as the lab's JMeter plan does.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
    local letters = {}
    for position = 1, 32 do letters[position] = string.char(97 + math.random(0, 25)) end
    return wrk.format(nil, "/hash", nil, '{"data": "' .. table.concat(letters) .. '"}')
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT requests=%d seconds=%.6f p50_us=%d p99_us=%d refused=%d broken=%d\n", summary.requests,
        summary.duration / 1000000, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end

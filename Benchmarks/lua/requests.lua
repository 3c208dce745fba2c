-- Sends the requests of a file, one a line: METHOD TARGET. Each thread takes its share and starts over at its end.
-- Arguments: the file, the size of a PUT's body, the number of threads.
local threads = {}
local count = 0

function setup(thread)
    thread:set("number", count)
    count = count + 1
    table.insert(threads, thread)
end

function init(arguments)
    local size, share = tonumber(arguments[2]), tonumber(arguments[3])
    local body = string.rep("x", size)
    prepared, at = {}, 0
    local line_number = 0
    for line in io.lines(arguments[1]) do
        if line_number % share == number then
            local method, target = line:match("^(%S+) (%S+)$")
            local has_body = method == "PUT"
            prepared[#prepared + 1] = wrk.format(method, target, {
                ["Host"] = wrk.headers["Host"], ["Content-Length"] = has_body and tostring(size) or nil,
            }, has_body and body or nil)
        end
        line_number = line_number + 1
    end
end

function request()
    at = at % #prepared + 1
    return prepared[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT requests=%d seconds=%.6f p50_us=%d p99_us=%d refused=%d broken=%d\n", summary.requests,
        summary.duration / 1000000, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end

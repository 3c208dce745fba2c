-- Puts each of N objects of one byte once: 1,000 prefixes with N/1000 keys each. For a server that takes any signature.
-- Arguments: bucket, N, the number of threads, a timestamp, and the stem of the files that say a thread is through.
local count = 0

function setup(thread)
    thread:set("number", count)
    count = count + 1
end

function init(arguments)
    bucket, total, share = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
    sent, answered, through = 0, 0, arguments[5] .. number
    mine = math.floor(total / share)
    headers = {
        ["x-amz-date"] = arguments[4], ["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD",
        ["Authorization"] = "AWS4-HMAC-SHA256 Credential=test/" .. arguments[4]:sub(1, 8) ..
            "/ap-south-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" ..
            string.rep("0", 64),
    }
end

function request()
    -- Beyond the last key the last one is put again until wrk is told to stop: harmless.
    local index = number * mine + math.min(sent, mine - 1)
    sent = sent + 1
    local each = total / 1000
    local path = string.format("/%s/p%04d/%07d", bucket, math.floor(index / each), index)
    return wrk.format("PUT", path, headers, "x")
end

function response(status)
    if status == 200 then answered = answered + 1 end
    if answered == mine then io.open(through, "w"):close() end
end

-- For wrk: GETs of the layers in $LAYERS, round robin, each thread with its own share, $PAUSE ms between an answer and the
-- next request of a connection; the figures as JSON.
local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init(args)
	layers = {}
	for name in string.gmatch(os.getenv("LAYERS"), "%S+") do
		layers[#layers + 1] = name
	end
	query = os.getenv("QUERY") or ""
	headers = {}
	if os.getenv("GZIP") ~= "" then
		headers["Accept-Encoding"] = "gzip"
	end
	-- Threads start far from each other.
	at = number * math.floor(#layers / 2)
end

local pause = tonumber(os.getenv("PAUSE"))
if pause > 0 then
	function delay()
		return pause
	end
end

function request()
	at = at % #layers + 1
	return wrk.format("GET", "/v1/layers/" .. layers[at] .. query, headers)
end

function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format(
		'{"requests": %.1f, "p50": %.2f, "p99": %.2f, "max": %.1f, "bytes": %.0f, "errors": %d}\n',
		summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
		latency.max / 1e3, summary.bytes / math.max(1, summary.requests),
		e.connect + e.read + e.write + e.status + e.timeout))
end

-- Fit and intent of returned leads into the hashes fit:{lead} and intent:{lead}.
-- ARGV: fields kept per hash, seconds to live, answers as JSON. Undeclared keys: not for a Redis cluster.
local most, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])

local function written_at(value)
  return tonumber(string.match(value, ',(%d+)%]$')) or 0
end

local function drop_oldest(key)
  local held = redis.call('HGETALL', key)
  local oldest, since = nil, nil
  for at = 1, #held, 2 do
    local when = written_at(held[at + 1])
    if since == nil or when < since then
      oldest, since = held[at], when
    end
  end
  redis.call('HDEL', key, oldest)
end

local function keep(key, field, value)
  if redis.call('HSET', key, field, value) == 1 then
    if redis.call('HLEN', key) > most then
      drop_oldest(key)
    end
  end
  redis.call('EXPIRE', key, ttl)
end

for _, answer in ipairs(cjson.decode(ARGV[3])) do
  local tail = ',"' .. answer.version .. '",' .. string.format('%d', answer.at_s) .. ']'
  for at, lead in ipairs(answer.leads) do
    keep('fit:' .. lead, answer.targets, '[' .. answer.fit[at] .. tail)
    keep('intent:' .. lead, answer.product, '[' .. answer.intent[at] .. tail)
  end
end

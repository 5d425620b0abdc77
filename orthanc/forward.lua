-- Forwards every stable study to the node, and again and again until the node has it.
--
-- The only memory is in Orthanc's database: the metadata NodeSent of an instance, written after
-- the job that carried it succeeded. What has no such mark is still to be sent, whoever crashed.
-- NodeSent of a study says up to which LastUpdate all its instances are known to be marked, so
-- that a start does not have to look at every instance of the archive.
--
-- Nothing here may take long: Orthanc runs one Lua function at a time, and stores wait for it.

local settings = GetOrthancConfiguration()
local options = settings.NodeForwarding or {}
local MODALITY = options.Modality or 'node'
local CONCURRENT = options.ConcurrentJobs or 2     -- jobs, and so associations, at once
local FIRST_WAIT = options.RetrySeconds or 5       -- after a failure; doubles
local UNREACHABLE_CAP = options.RetryCapSeconds or 60
local REFUSED_CAP = options.RefusedCapSeconds or 3600
local SINCE = options.Since or ''                  -- studies that were last updated earlier stay
local STABLE_AGE = settings.StableAge or 60
local SWEEP_STUDIES = 500                          -- how many studies one look goes through
local SWEEP_SECONDS = 3600                         -- how often the archive is gone through
local BREAKS = 3                                   -- broken connections until a study is halved
local NETWORK = 9                                  -- Orthanc's error code "network protocol"
local MAKER = 'dicom-node'                         -- the mark in what a node has made

local queue = {}          -- what waits: { study, instances or nil for "whatever lacks a mark", ... }
local in_flight = {}      -- job id -> what it carries
local jobs = 0            -- how many are in flight
local claimed = {}        -- instances of a job, or of a part of a study that waits
local own_series = {}     -- series -> whether a node has made it, as far as it was looked at
local pause_until = 0     -- the node could not be reached: nothing is tried before
local pause_wait = 0
local sweep = nil         -- the studies still to be looked at
local last_sweep = 0
local timer = nil         -- nil, 'armed' or 'running'
local heartbeat = false   -- Orthanc 1.11.1 and newer call OnHeartBeat by themselves
local warned = false

local function say(text) print('Forwarding to the node: ' .. text) end

local function get(uri)
  local answer = RestApiGet(uri)
  return answer and ParseJson(answer)
end

local function utc() return os.date('!%Y%m%dT%H%M%S') end

-- ------------------------------------------------------------------ what is still to be sent

-- A result of the node, whichever way it came here.
local function made_by_a_node(instance)
  -- The list of attributes first: to ask for one that is not there fills the log with errors.
  local content = RestApiGet('/instances/' .. instance .. '/content')
  if not content or not string.find(content, '"0018-a001"', 1, true) then return false end
  local path = '/instances/' .. instance .. '/content/0018-a001'
  for _, item in ipairs(get(path) or {}) do
    local tags = RestApiGet(path .. '/' .. item) or ''
    local maker = string.find(tags, '"0008-0070"', 1, true)
      and RestApiGet(path .. '/' .. item .. '/0008-0070')
    if maker and string.match(maker, '^[%s%z]*(.-)[%s%z]*$') == MAKER then return true end
  end
  return false
end

-- To look into every file would hold up Orthanc. A series comes from one piece of equipment
-- (PS3.3 C.7.5.1), so one of its instances speaks for all.
local function is_own_series(series, instance)
  if own_series[series] == nil then own_series[series] = made_by_a_node(instance) end
  return own_series[series]
end

local function mark(instance, text)
  RestApiPut('/instances/' .. instance .. '/metadata/NodeSent', text)
end

-- By the mark alone: `dicom-node send` loads images here under the node's AE title.
local function is_to_be_sent(instance, series)
  local metadata = get('/instances/' .. instance .. '/metadata?expand')
  if not metadata or metadata.NodeSent then return false end
  if is_own_series(series, instance) then
    mark(instance, 'never: made by a node')
    return false
  end
  return true
end

local function unmarked(study)
  local found, partly = {}, false
  for _, series in ipairs((get('/studies/' .. study) or {}).Series or {}) do
    for _, instance in ipairs((get('/series/' .. series) or {}).Instances or {}) do
      if claimed[instance] then
        partly = true
      elseif is_to_be_sent(instance, series) then
        table.insert(found, instance)
      end
    end
  end
  return found, partly
end

-- Up to when the list of a study's instances that is made now is complete. LastUpdate counts
-- whole seconds: within the present one another instance may come and leave it as it is.
local function last_update(study)
  local metadata = get('/studies/' .. study .. '/metadata?expand') or {}
  local known = metadata.LastUpdate
  return known, metadata.NodeSent, known ~= nil and known < utc()
end

local function mark_study(study, upto)
  if upto then RestApiPut('/studies/' .. study .. '/metadata/NodeSent', upto) end
end

-- ------------------------------------------------------------------ the queue

local function enqueue(study, first, not_before)
  for _, entry in ipairs(queue) do
    if entry.study == study and not entry.instances then return end
  end
  local entry = { study = study, failures = 0, not_before = not_before or 0 }
  table.insert(queue, first and 1 or #queue + 1, entry)
end

local function claim(entry, value)
  for _, instance in ipairs(entry.instances or {}) do claimed[instance] = value end
end

-- Instances that were deleted meanwhile need not be sent any more.
local function forget_deleted(entry)
  local left = {}
  for _, instance in ipairs(entry.instances) do
    if RestApiGet('/instances/' .. instance .. '/metadata') then
      table.insert(left, instance)
    else
      claimed[instance] = nil
    end
  end
  entry.instances = left
end

local function prepare(entry)
  if entry.instances then
    forget_deleted(entry)
    return
  end
  local update, _, settled = last_update(entry.study)
  local partly
  entry.instances, partly = unmarked(entry.study)
  entry.upto = settled and not partly and update or nil
  claim(entry, true)
end

local function submit(entry)
  prepare(entry)
  if #entry.instances == 0 then
    mark_study(entry.study, entry.upto)
    return
  end
  local answer = RestApiPost('/modalities/' .. MODALITY .. '/store', DumpJson({
    Resources = entry.instances, Synchronous = false, Permissive = false,
  }))
  if not answer then
    claim(entry, nil)
    entry.instances = nil
    entry.not_before = os.time() + FIRST_WAIT
    table.insert(queue, entry)
    return
  end
  in_flight[ParseJson(answer).ID] = entry
  jobs = jobs + 1
end

local function next_entry()
  local now = os.time()
  for position, entry in ipairs(queue) do
    if entry.not_before <= now then return table.remove(queue, position) end
  end
end

-- ------------------------------------------------------------------ how a job ended

local function succeeded(entry)
  local now = utc()
  for _, instance in ipairs(entry.instances) do mark(instance, now) end
  claim(entry, nil)
  mark_study(entry.study, entry.upto)
  pause_until, pause_wait = 0, 0
  say('study ' .. entry.study .. ': ' .. #entry.instances .. ' instances delivered')
end

local function wait_after(failures, cap)
  return math.min(cap, math.floor(FIRST_WAIT * 2 ^ math.min(failures, 20)))
end

local function unreachable(entry, why)
  claim(entry, nil)
  entry.instances = entry.part and entry.instances or nil
  claim(entry, true)
  pause_wait = math.min(UNREACHABLE_CAP, math.max(FIRST_WAIT, pause_wait * 2))
  pause_until = os.time() + pause_wait
  table.insert(queue, entry)
  say('study ' .. entry.study .. ' waits, next try in ' .. math.floor(pause_wait) .. ' s: ' .. why)
end

-- One object that the node refuses must not keep the others of its study away from it: what was
-- refused is halved until it is alone.
local function halve(entry)
  local middle = math.floor(#entry.instances / 2)
  local parts = { table.pack(table.unpack(entry.instances, 1, middle)),
                  table.pack(table.unpack(entry.instances, middle + 1)) }
  for _, instances in ipairs(parts) do
    instances.n = nil
    table.insert(queue, 1, { study = entry.study, instances = instances, part = true,
                             failures = 0, not_before = 0 })
  end
end

local function refused(entry, why)
  entry.failures = entry.failures + 1
  -- 0xA7xx, out of resources, passes with time: there is nothing wrong with the objects.
  local temporary = string.find(why, 'status 0xA7', 1, true)
  if not temporary and #entry.instances > 1 then
    say('study ' .. entry.study .. ': refused, its halves are tried: ' .. why)
    halve(entry)
    return
  end
  local wait = wait_after(entry.failures - 1, temporary and UNREACHABLE_CAP or REFUSED_CAP)
  entry.part, entry.not_before = true, os.time() + wait
  table.insert(queue, entry)
  say('study ' .. entry.study .. ': ' .. #entry.instances .. ' instances refused, next try in '
      .. math.floor(wait) .. ' s: ' .. why)
end

local function failed(entry, job)
  local why = job.ErrorDetails
  if not why or why == '' then why = job.ErrorDescription or 'unknown reason' end
  if string.find(why, 'DIMSE status', 1, true) or (job.ErrorCode or NETWORK) ~= NETWORK then
    refused(entry, why)
    return
  end
  -- A connection that breaks again and again at the same study may break at one of its objects.
  if not string.find(why, 'connecting to AET', 1, true) then
    entry.breaks = (entry.breaks or 0) + 1
    if entry.breaks >= BREAKS and #entry.instances > 1 then
      say('study ' .. entry.study .. ': its halves are tried: ' .. why)
      halve(entry)
      return
    end
  end
  unreachable(entry, why)
end

local function settle(id)
  local entry = in_flight[id]
  if not entry then return end
  local job = get('/jobs/' .. id) or { State = 'Failure', ErrorDetails = 'the job has vanished' }
  if job.State ~= 'Success' and job.State ~= 'Failure' then return end
  in_flight[id], jobs = nil, jobs - 1
  if job.State == 'Success' then succeeded(entry) else failed(entry, job) end
end

-- ------------------------------------------------------------------ the timer

-- Orthanc before 1.11.1 has no timer for Lua. It does have a job of Lua commands that lingers for
-- five seconds after its last command, and such a job can be made in OnStoredInstance, which is
-- also called when an instance is offered that is stored already, and so changes nothing. So: an
-- instance that Orthanc has is offered to it again, the job is made, and its end is the tick.
local function smallest_instance()
  local smallest, size = nil, math.huge
  for _, instance in ipairs(get('/instances?since=0&limit=20') or {}) do
    local bytes = tonumber(RestApiGet('/instances/' .. instance .. '/attachments/dicom/size'))
    if bytes and bytes < size then smallest, size = instance, bytes end
  end
  return smallest
end

local function start_lingering()
  OnStoredInstance = nil
  timer = 'running'
  CallSystem('', 'true', {})   -- on no instance: nothing is called
end

local function arm_timer()
  if heartbeat or timer then return end
  if settings.OverwriteInstances then
    if not warned then say('OverwriteInstances is on: tries again only when a study comes') end
    warned = true
    return
  end
  local instance = smallest_instance()
  local file = instance and RestApiGet('/instances/' .. instance .. '/file')
  if not file then return end
  timer = 'armed'
  OnStoredInstance = start_lingering
  local stored = ParseJson(RestApiPost('/instances', file) or '{}')
  if stored.Status == 'Success' then     -- it was deleted in this very moment: so it stays
    RestApiDelete('/instances/' .. stored.ID)
  end
end

-- ------------------------------------------------------------------ what keeps it going

local function start_sweep()
  sweep, last_sweep, own_series = get('/studies') or {}, os.time(), {}
end

local function sweep_some()
  for _ = 1, SWEEP_STUDIES do
    local study = sweep and table.remove(sweep)
    if not study then
      sweep = nil
      return
    end
    local update, done = last_update(study)
    if update and update >= SINCE and not (done and done >= update) then
      enqueue(study, false, os.time() + STABLE_AGE)
    end
  end
end

local function dispatch()
  if os.time() - last_sweep > SWEEP_SECONDS then start_sweep() end
  if sweep then sweep_some() end
  -- While the node could not be reached, one job finds out whether it is back.
  while jobs < (pause_wait > 0 and 1 or CONCURRENT) and os.time() >= pause_until do
    local entry = next_entry()
    if not entry then break end
    submit(entry)
  end
  if sweep or #queue > 0 then arm_timer() end
end

local function job_ended(id)
  if in_flight[id] then
    settle(id)
  elseif timer == 'running' and (get('/jobs/' .. id) or {}).Type == 'SequenceOfOperations' then
    timer = nil
    for job in pairs(in_flight) do settle(job) end
  else
    return
  end
  dispatch()
end

function OnJobSuccess(id) job_ended(id) end

function OnJobFailure(id) job_ended(id) end

function OnStableStudy(study)
  enqueue(study, true)
  dispatch()
end

function OnHeartBeat()
  for job in pairs(in_flight) do settle(job) end
  dispatch()
end

-- Whether this Orthanc calls OnHeartBeat, which came with 1.11.1.
local function has_heartbeat()
  local version = (get('/system') or {}).Version or ''
  local major, minor, patch = string.match(version, '^(%d+)%.(%d+)%.(%d+)')
  local number = major and major * 1000000 + minor * 1000 + patch or math.huge  -- "mainline"
  return number >= 1011001 and (settings.LuaHeartBeatPeriod or 0) > 0
end

function Initialize()
  heartbeat = has_heartbeat()
  start_sweep()
  dispatch()
end

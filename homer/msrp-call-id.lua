-- heplify-server: MSRP gets the Call-ID of the SIP call whose SDP named its session, as correlation id.
--
-- A session's ids stand in the SDPs of its call: a=path:msrp://host:port/SESSION-ID;tcp, in the INVITE and in its answer.
-- msrptap sends the session-id as correlation id, in packets of type 100. heplify-server calls every global function here for
-- each packet whose type stands in ScriptHEPFilter; what they remember is shared by its workers, 32 MB at most, the oldest
-- goes first.

local SIP = 1
local MSRP = 100 -- hep_payload_type of msrptap

-- Others may use the same table.
local function key(session)
  return "msrp:" .. session
end

-- Before the last URI of a path stand relays [RFC 4975 section 8.2].
local function session_of(path)
  local session = nil
  for id in path:gmatch("[Mm][Ss][Rr][Pp][Ss]?://[^/%s]+/([^;%s]+);") do
    session = id
  end
  return session
end

function msrp_remember_call()
  if GetHEPProtoType() ~= SIP then
    return
  end
  local raw = GetRawMessage()
  if not raw:find("a=path:", 1, true) then
    return
  end
  local sip = GetSIPStruct()
  if sip == nil or sip == "" or sip.CallID == "" then
    return
  end
  for path in raw:gmatch("\na=path:([^\r\n]*)") do
    local session = session_of(path)
    if session then
      HashTable("set", key(session), sip.CallID)
    end
  end
end

function msrp_name_call()
  if GetHEPProtoType() ~= MSRP then
    return
  end
  local call = HashTable("get", key(GetHEPStruct().CID), "")
  if call ~= "" then
    SetHEPField("CID", call)
  end
end

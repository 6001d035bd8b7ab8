"""Stable codes with parameters, and the one catalogue of their sentences in both languages.

A `Reason` travels as code and parameters; it becomes words only where a person reads it:
`say(reason, "zh")`. Adding a reason is adding one line to `CATALOGUE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code and the values its sentence needs (JSON scalars only)."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


CATALOGUE: Mapping[str, tuple[str, str]] = {
    # why a case is left out
    "NO_PLACE": ("没有可用地点：{detail}", "no usable place: {detail}"),
    "UNREACHABLE": ("没有道路可达（{place}）", "no road leads to {place}"),
    "CLOSED_ROAD": ("道路封闭，无法到达：{closure}", "cut off by a closed road: {closure}"),
    "NO_SKILL": ("在岗力量中无人具备所需条件：{needs}", "no responder on duty has what it needs: {needs}"),
    "OUT_OF_SHIFT": (
        "可派力量均不在班或来不及在下班前返回（最接近：{responder}，差 {minutes} 分钟）",
        "everyone who may go is off shift or could not be back in time "
        "(closest: {responder}, {minutes} min short)",
    ),
    "OUT_OF_JURISDICTION": ("有权处置的辖区内没有力量在岗", "nobody on duty may go to this jurisdiction"),
    "WINDOW_MISSED": (
        "可访时段 {window} 内无人能到（最早 {earliest}）",
        "nobody arrives within its window {window} (earliest {earliest})",
    ),
    "TOO_LATE_TO_MATTER": (
        "资金安全迹象已是 {minutes} 分钟前，预计仅剩 {stake_yuan} 元可挽回",
        "last sign the money was safe is {minutes} min old; only {stake_yuan} yuan are expected to be left to save",
    ),
    "NO_CAPACITY": (
        "能去的力量都在处置损失更大的警情（最近可派：{responder}，{minutes} 分钟可到）",
        "everyone who may go is on cases with more to lose (nearest: {responder}, {minutes} min away)",
    ),
    "LIMIT_ON_CHANGES": (
        "改动已告知安排的上限（{limit} 起）已用完；若放宽上限，{responder}可去，可少损失 {yuan} 元",
        "the limit of {limit} changes to what people were told is used up; with more {responder} could go "
        "and {yuan} yuan less would be lost",
    ),
    "COSTS_MORE_THAN_IT_SAVES": (
        "上门代价 {price_yuan} 元高于预计挽损 {averted_yuan} 元",
        "a visit costs {price_yuan} yuan and would save {averted_yuan}",
    ),
    "NO_PARTNER": (
        "须双人到场，无{kinds}能同时到达",
        "it takes two, and nobody who may come along ({kinds}) can be there",
    ),
    "REFUSED_BEFORE": (
        "{responder}已被对象拒绝，不再派",
        "{responder} was refused there and is not sent again",
    ),
    "PINNED_OUT": ("调度员指定不派", "a dispatcher decided nobody goes"),
    "PINNED_ELSEWHERE": ("调度员已指定由{responder}处置", "a dispatcher gave it to {responder}"),
    # how good a plan can be at most (the proof)
    "BOUND_EXACT": (
        "已逐一比较全部方案：按现有警情与路程，任何方案的损失加代价都不低于 {yuan} 元",
        "all plans were compared: with these cases and minutes, none costs less than {yuan} yuan in losses and prices",
    ),
    "BOUND_COLUMNS": (
        "已证明（列生成，{zones} 个区）：按现有警情与路程，任何方案的损失加代价都不低于 {yuan} 元；此后新来的警情不在其内",
        "proved by column generation over {zones} zones: with these cases and minutes, no plan costs less than {yuan} yuan "
        "in losses and prices; cases still to come are not in it",
    ),
    "BOUND_RELAXED": (
        "已证明（拉格朗日松弛，{zones} 个区，时间用完）：按现有警情与路程，任何方案的损失加代价都不低于 {yuan} 元；"
        "给更多时间，这个数还会更紧",
        "proved by a Lagrangian relaxation over {zones} zones, stopped by the clock: with these cases and minutes, no plan "
        "costs less than {yuan} yuan in losses and prices; given more time the number gets tighter",
    ),
    "NO_BOUND": (
        "在给定时间内没有得出有用的界限",
        "no bound: nothing useful was proved in the time given",
    ),
    # what a plan must not do (the audit)
    "ROUTES_MISMATCH": (
        "路线应与处置力量一一对应：应有 {expected}，实有 {found}",
        "one route per responder, in order: expected {expected}, found {found}",
    ),
    "UNKNOWN_STOP": (
        "{stop}：没有警情 {case} 或其地点 {place}",
        "{stop}: no case {case} with a place {place}",
    ),
    "REPEATED_STOP": ("停靠编号 {stop} 重复", "two stops are called {stop}"),
    "FORGOTTEN": ("警情 {case} 既未安排也未说明", "case {case} is neither visited nor left out"),
    "BOTH_WAYS": ("警情 {case} 既已安排又列为未安排", "case {case} is both visited and left out"),
    "LEFT_OUT_TWICE": ("警情 {case} 重复列为未安排", "case {case} is left out twice"),
    "LEFT_OUT_UNKNOWN": (
        "未安排名单中的 {case} 不是本次警情",
        "{case} is left out but is no case of this problem",
    ),
    "UNEXPLAINED": (
        "警情 {case} 未安排的理由 {given} 不完整",
        "case {case} is left out for {given}: unknown or incomplete",
    ),
    "VISITED_TWICE": (
        "警情 {case} 的地点 {place} 安排了 {times} 次",
        "place {place} of case {case} is visited {times} times",
    ),
    "TIMES_WRONG": (
        "{stop}：{what}写作 {said}，应为 {found}（分钟）",
        "{stop}: {what} is given as {said}, it is {found} (minutes)",
    ),
    "OVER_SHIFT": (
        "{responder} 超出班次 {minutes} 分钟",
        "{responder} is back {minutes} min after its shift",
    ),
    "TOO_EARLY": (
        "{responder} 早于可出发时刻 {minutes} 分钟出发",
        "{responder} leaves {minutes} min before it can",
    ),
    "BREAK_BROKEN": ("{stop}：处置与休息时段重叠", "{stop}: the visit overlaps the break"),
    "WINDOW_BROKEN": (
        "{stop}：见面不在可访时段 {window} 内（{contact}）",
        "{stop}: contact at {contact}, window {window}",
    ),
    "TOO_MANY_VISITS": (
        "{responder} 安排 {visits} 次，上限 {limit}",
        "{responder} has {visits} visits, at most {limit}",
    ),
    "OFF_DUTY": ("{responder} 不在岗", "{responder} is off duty"),
    "WRONG_KIND": (
        "{responder}（{kind}）不得处置警情 {case}",
        "{responder} ({kind}) may not go to case {case}",
    ),
    "LACKS_SKILL": (
        "{responder} 不具备警情 {case} 所需条件：{needs}",
        "{responder} lacks what case {case} needs: {needs}",
    ),
    "OUTSIDE_JURISDICTION": (
        "{responder} 无权到警情 {case} 的地点 {place}",
        "{responder} may not go to place {place} of case {case}",
    ),
    "NO_ROAD": ("{stop}：没有道路可达或无法返回", "{stop}: no road leads there, or back"),
    "PIN_BROKEN": (
        "警情 {case} 已由调度员指定（{pinned}），却派了 {responder}",
        "case {case} is pinned to {pinned}, {responder} is sent",
    ),
    "TOO_LITTLE_LEFT": (
        "警情 {case} 仅剩 {stake_yuan} 元，低于门槛，不应派人",
        "case {case} has {stake_yuan} yuan left to save, below the threshold",
    ),
    "HEAD_CHANGED": (
        "{responder} 的第 {number} 站应为已定的警情 {case}（{place}）",
        "stop {number} of {responder} is fixed: case {case} at {place}",
    ),
    "PARTNER_MISSING": (
        "警情 {case} 的地点 {place} 双人到场有误：{fault}",
        "case {case} at place {place}: {fault}",
    ),
    "PARTNER_DEADLOCK": (
        "双人到场互相等待，无法成行：{places}",
        "those who are to meet wait for each other: {places}",
    ),
    "TOO_MANY_CHANGES": (
        "变更了 {changes} 起已告知的安排，上限 {limit}：{cases}",
        "{changes} cases are not visited as people were told, at most {limit} may change: {cases}",
    ),
    # what a closure that is yet to begin does to a plan
    "CLOSES_AHEAD": (
        "{closure}将于 {time} 起{what}，{responders} 的路线在此之后经过",
        "{closure} is {what} from {time}; {responders} would pass after that",
    ),
    "CLOSES_BEHIND": (
        "{closure}将于 {time} 起{what}，{responders} 须在此之前通过",
        "{closure} is {what} from {time}; {responders} must be through before",
    ),
    # why not the obvious car
    # why this responder does not go to a case left out (beside the audit's own codes)
    "NO_ROOM": (
        "{responder} 已有 {visits} 起任务，再加就超出班次或误了别的时段",
        "{responder} has {visits} visits and no room for another before its shift or a window ends",
    ),
    "WOULD_PAY": (
        "{responder} 可以去，全盘少损失 {yuan} 元：方案还可更好，建议重新计算",
        "{responder} could go and the whole plan would save {yuan} yuan: plan again, it can be better",
    ),
    "STOPPED": ("{rule}：{count} 支（{names}）", "{rule}: {count} ({names})"),
    # what it would take to visit a case left out
    "LIFT_PIN": (
        "取消调度员的指定，由{responder}前往：挽损 {yuan} 元",
        "without the pin, by {responder}: averts {yuan} yuan",
    ),
    "LIFT_VISIT": (
        "准许{responder}多跑一起：挽损 {yuan} 元",
        "one more visit by {responder} than agreed: averts {yuan} yuan",
    ),
    "LIFT_MINUTES": (
        "{responder}的班次延长 {minutes} 分钟：挽损 {yuan} 元",
        "{minutes} more minutes of the shift of {responder}: averts {yuan} yuan",
    ),
    "LIFT_NEIGHBOUR": (
        "准许{responder}跨辖区前往：挽损 {yuan} 元",
        "{responder} let into a neighbour's jurisdiction: averts {yuan} yuan",
    ),
    "LIFT_ALONE": ("准许{responder}单独前往：挽损 {yuan} 元", "{responder} let go alone: averts {yuan} yuan"),
    "LIFT_CALL_IN": (
        "叫回不在岗的{responder}：挽损 {yuan} 元",
        "{responder}, off duty, called in: averts {yuan} yuan",
    ),
    "LIFT_KIND": (
        "准许{responder}处置本案（类别放宽）：挽损 {yuan} 元",
        "{responder} let go though its kind may not: averts {yuan} yuan",
    ),
    "LIFT_SKILL": (
        "不要求所需条件，由{responder}前往：挽损 {yuan} 元",
        "{responder} let go without the skill asked for: averts {yuan} yuan",
    ),
    "LIFT_WINDOW": (
        "不受可访时段限制，由{responder}前往：挽损 {yuan} 元",
        "outside its window, by {responder}: averts {yuan} yuan",
    ),
    "LIFT_CREW": (
        "在{responder}驻地增派一组：挽损 {yuan} 元",
        "one more crew at the base of {responder}: averts {yuan} yuan",
    ),
    "LIFT_THRESHOLD": (
        "不论剩余多少都去，由{responder}前往：挽损 {yuan} 元",
        "going though so little is left, by {responder}: averts {yuan} yuan",
    ),
    "LIFT_VISIT_MINUTES": (
        "准许{responder}多跑一起，班次延长 {minutes} 分钟：挽损 {yuan} 元",
        "one more visit by {responder}, and {minutes} more minutes of its shift: averts {yuan} yuan",
    ),
    "LIFT_NEIGHBOUR_MINUTES": (
        "准许{responder}跨辖区前往，班次延长 {minutes} 分钟：挽损 {yuan} 元",
        "{responder} let into a neighbour's jurisdiction, and {minutes} more minutes of its shift: averts {yuan} yuan",
    ),
    "LIFT_NEIGHBOUR_VISIT": (
        "准许{responder}跨辖区多跑一起：挽损 {yuan} 元",
        "{responder} let into a neighbour's jurisdiction for one more visit: averts {yuan} yuan",
    ),
    "LIFT_CALL_IN_NEIGHBOUR": (
        "叫回不在岗的{responder}，并准许跨辖区：挽损 {yuan} 元",
        "{responder}, off duty, called in and let into a neighbour's jurisdiction: averts {yuan} yuan",
    ),
    "LIFT_NOTHING": (
        "加班、增派、放宽任何一条规则，都不能让上门有所挽损",
        "no longer shift, added crew or lifted rule would make a visit save anything",
    ),
    # what an edited plan does otherwise than the machine's
    "DIFF_ADDED": ("{case}：改为由{after}上门（原未安排）", "{case}: now visited by {after} (was left out)"),
    "DIFF_DROPPED": ("{case}：不再上门（原由{before}）", "{case}: not visited any more (was {before})"),
    "DIFF_LATER": ("{case}：仍由{after}，晚 {minutes} 分钟", "{case}: still {after}, {minutes} min later"),
    "DIFF_SOONER": ("{case}：仍由{after}，早 {minutes} 分钟", "{case}: still {after}, {minutes} min sooner"),
    "DIFF_GIVEN_LATER": (
        "{case}：由{before}改派{after}，晚 {minutes} 分钟",
        "{case}: from {before} to {after}, {minutes} min later",
    ),
    "DIFF_GIVEN_SOONER": (
        "{case}：由{before}改派{after}，早 {minutes} 分钟",
        "{case}: from {before} to {after}, {minutes} min sooner",
    ),
    # a new case, and what giving it to somebody moves
    "IN_THE_PLAN": ("已在方案中，请用 dispatch explain 查看", "in the plan already: see dispatch explain"),
    "MOVES_LATER": (
        "{case}（{responder}）晚 {minutes} 分钟，{change} {yuan} 元",
        "{case} ({responder}) {minutes} min later, {yuan} yuan {change}",
    ),
    "MOVES_SOONER": ("{case}（{responder}）早 {minutes} 分钟", "{case} ({responder}) {minutes} min sooner"),
    "MOVES_TO": (
        "{case} 由{before}转给{responder}，{change} {yuan} 元",
        "{case} from {before} to {responder}, {yuan} yuan {change}",
    ),
    "MOVES_OUT": (
        "{case}（{before}）不再上门，少挽损 {yuan} 元",
        "{case} ({before}) not visited, {yuan} yuan less averted",
    ),
    # what sending the obvious one instead would mean for the whole plan
    "INSTEAD_BRIEF": (
        "为何派本组：{which}{responder} {minutes} 分钟可到，但改派它，全盘多损失 {yuan} 元",
        "why you: {which} {responder} could be there in {minutes} min, but sending it costs the whole plan {yuan} yuan more",
    ),
    "INSTEAD_DEARER": (
        "{which}{responder} {minutes} 分钟可到（所派 {sent_minutes} 分钟），但改派它，全盘多损失 {yuan} 元",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}), but sending it "
        "costs the whole plan {yuan} yuan more",
    ),
    "INSTEAD_WAITS": (
        "{which}{responder} 若无别的任务 {minutes} 分钟可到（所派 {sent_minutes} 分钟），但它有任务在先，"
        "改派后要 {arrive_minutes} 分钟才到，全盘多损失 {yuan} 元",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}) with nothing else to do; "
        "with what it does first it arrives in {arrive_minutes}, and the whole plan costs {yuan} yuan more",
    ),
    "INSTEAD_PUSHES_OUT": (
        "{which}{responder} {minutes} 分钟可到（所派 {sent_minutes} 分钟），但改派它就得放下 {case}，全盘多损失 {yuan} 元",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}), but would have to "
        "drop {case}: the whole plan costs {yuan} yuan more",
    ),
    "INSTEAD_PASSES_ON": (
        "{which}{responder} {minutes} 分钟可到（所派 {sent_minutes} 分钟），但改派它就得把 {case} 交给 {other}，"
        "全盘多损失 {yuan} 元",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}), but would have to "
        "leave {case} to {other}: the whole plan costs {yuan} yuan more",
    ),
    "INSTEAD_SAME": (
        "{which}{responder} {minutes} 分钟可到（所派 {sent_minutes} 分钟），改派它全盘得失相当",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}); "
        "for the whole plan it makes no difference",
    ),
    "INSTEAD_CHEAPER": (
        "{which}{responder} {minutes} 分钟可到（所派 {sent_minutes} 分钟），改派它全盘少损失 {yuan} 元，建议改派",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}); sending it saves "
        "the whole plan {yuan} yuan: consider it",
    ),
    "INSTEAD_NO_ROOM": (
        "{which}{responder} 若无别的任务 {minutes} 分钟可到（所派 {sent_minutes} 分钟），但它的任务已排满，再加不下",
        "{which} {responder} could be there in {minutes} min (the one sent: {sent_minutes}) with nothing else to do, "
        "but its day has no room for it",
    ),
    # why a row gives no place
    "LON_LAT_SWAPPED": (
        "坐标（{lon}，{lat}）不在辖区内，疑似经纬度填反",
        "the coordinate ({lon}, {lat}) is outside the area; longitude and latitude look swapped",
    ),
    "OUTSIDE_AREA": (
        "坐标（{lon}，{lat}）在辖区外，距最近的已知地点 {km} 公里",
        "the coordinate ({lon}, {lat}) is outside the area, {km} km from the nearest place known",
    ),
    "COORDINATE_EMPTY": (
        "坐标（{lon}，{lat}）为空或为零，没有定位",
        "the coordinate ({lon}, {lat}) is empty or zero: nothing was located",
    ),
    "DECIMAL_POINT_LOST": (
        "坐标（{lon}，{lat}）疑似丢失小数点",
        "the coordinate ({lon}, {lat}) seems to have lost its decimal point",
    ),
    "COORDINATE_PROJECTED": (
        "坐标（{lon}，{lat}）不是经纬度，疑似投影坐标（米），请转换为经纬度",
        "the coordinate ({lon}, {lat}) is not in degrees; it looks like metres of a projection: convert it",
    ),
    "SIGN_LOST": (
        "坐标（{lon}，{lat}）不在辖区内，疑似正负号有误",
        "the coordinate ({lon}, {lat}) is outside the area; a sign looks wrong",
    ),
    "OTHER_CITY": ("地址写的是“{name}”，不在本辖区", "the address names {name}, outside the area"),
    "EMPTY_ADDRESS": ("地址为空", "the address is empty"),
    "SEVERAL_PLACES": (
        "有 {count} 处地点符合，请结合镇村或其他线索判断",
        "{count} places fit: a town, a village or other evidence must tell",
    ),
    "NO_UNIT_KNOWN": (
        "坐标在辖区内，但所属单位未知",
        "inside the area, but which unit it lies in is not known",
    ),
    "ONLINE_ALONE": ("地点仅由 {helper} 给出，本地地名未能印证", "the place is {helper}'s word alone"),
    "ONLINE_ELSEWHERE": (
        "{helper} 给出的地点不在辖区内或范围太大，未采用",
        "what {helper} found is outside the area or too coarse, and was not taken",
    ),
    "ONLINE_UNKNOWN": ("{helper} 也未找到该地址", "{helper} does not know the address either"),
    "ONLINE_FAILED": ("{helper} 未能答复（{detail}）", "{helper} gave no answer ({detail})"),
    "ONLINE_NOT_ASKED": (
        "未再询问 {helper}：已达次数上限或多次无答复",
        "{helper} was not asked: enough questions, or no answer several times",
    ),
    "ADDRESS_UNKNOWN": ("地址中没有辖区内的地名", "the address names no place of the area"),
    "ADDRESS_AMBIGUOUS": (
        "辖区内同名地点太多，地址未写明镇村",
        "too many places of the area bear that name, and no town or village is given",
    ),
    "ADDRESS_TOO_COARSE": (
        "地址只到“{name}”，范围太大，无法上门",
        "the address says no more than {name}: too large to search",
    ),
    "NOTHING_TO_GO_BY": ("既无坐标也无地址", "neither coordinate nor address"),
    # why a person should look at a place
    "LOOK_NOWHERE": ("没有可用地点，请核实住址", "no usable place: find out where the person lives"),
    "LOOK_TWO_COUNTIES": (
        "线索指向不同县区：{places}",
        "the evidence points to different counties: {places}",
    ),
    "LOOK_SEVERAL": ("{count} 处同名地点可能性相近", "{count} places are about equally likely"),
    "LOOK_WIDE": ("最可能的地点误差约 {metres} 米", "the likeliest place is known to about {metres} m only"),
    "LOOK_UNSURE": (
        "全部地点合计找到本人的可能仅 {percent}%",
        "all places together promise {percent}% only",
    ),
    "LOOKED_NOWHERE": ("人工核实：没有已知地点", "a person looked: no place is known"),
    # why a row of a list of names or addresses is not taken
    "ROW_WITHOUT_NAME": ("没有名称、地址或代码", "no name, address or code"),
    "ROW_NAME_LONG": (
        "名称或地址有 {found} 个字，最多 {most} 个",
        "the name or address has {found} signs, expected at most {most}",
    ),
    "ROW_LEVEL_UNKNOWN": (
        "级别“{found}”无法识别（省、市、县、镇、村、自然村或代码长度）",
        "level {found} is not known; expected province … hamlet, or a code whose length tells it",
    ),
    "COORDINATE_UNREADABLE": (
        "坐标“{found}”不是经纬度数字",
        "coordinate {found} is not a longitude and a latitude in degrees",
    ),
    "NO_DATUM": (
        "坐标未注明坐标系（写的是“{found}”）；应为 WGS84、CGCS2000、GCJ02、BD09 之一",
        "the coordinate names no known datum (found {found}); expected WGS84, CGCS2000, GCJ02 or BD09",
    ),
    "UNIT_UNKNOWN": (
        "上级 {code} 不在本辖区，且没有坐标",
        "its unit {code} is not of this area, and it has no coordinate",
    ),
    "ADDRESS_ELSEWHERE": (
        "地址写的是“{said}”，坐标却在“{found}”",
        "the address says {said}, the coordinate lies in {found}",
    ),
    # what to do next
    "NEXT_RING_FIRST": (
        "首次拨打本人：{percent}% 能劝住，劝住可少损失 {yuan} 元",
        "ring for the first time: {percent}% to persuade, and then {yuan} yuan less are lost",
    ),
    "NEXT_RING": (
        "再拨本人（已拨 {failed} 次，{result}）：{percent}% 能劝住，劝住可少损失 {yuan} 元",
        "ring again (rung {failed} times, {result}): {percent}% to persuade, and then {yuan} yuan less are lost",
    ),
    "NEXT_RELATIVE": (
        "请亲属看护 {hours} 小时：{percent}% 办成，风险降至 {left}%，可少损失 {yuan} 元",
        "a relative stays with them {hours} h: {percent}% to work, hazard down to {left}%, {yuan} yuan less are lost",
    ),
    "NEXT_HOLD": (
        "请银行止付 {hours} 小时：{percent}% 办成，风险降至 {left}%，可少损失 {yuan} 元",
        "the bank holds payments {hours} h: {percent}% to work, hazard down to {left}%, {yuan} yuan less are lost",
    ),
    "NEXT_CUT_LINE": (
        "请运营商断卡 {hours} 小时：{percent}% 办成，风险降至 {left}%，可少损失 {yuan} 元",
        "the carrier cuts the line {hours} h: {percent}% to work, hazard down to {left}%, {yuan} yuan less are lost",
    ),
    "NEXT_SEND": (
        "派人上门（计划内）：{responder} 现在出发，{time} 见面，可少损失 {yuan} 元",
        "send someone, as planned: {responder} sets out and meets at {time}; {yuan} yuan less are lost",
    ),
    "NEXT_SEND_TOO": (
        "派人上门（原未安排）：{responder} 可于 {time} 见面，除去代价仍可少损失 {yuan} 元",
        "send someone, left out so far: {responder} could meet at {time}; {yuan} yuan less are lost, all costs taken off",
    ),
    "NEXT_DESK": (
        "{desk}现在办：{what}（{minutes} 分钟内），预计少损失 {yuan} 元",
        "{desk}, now: {what} (within {minutes} min); saves {yuan} yuan",
    ),
    "NEXT_FREES": (
        "若全部办成（{asks} 项中预计成 {expected} 项）：{visits} 次上门不再值得，腾出 {crews} 支力量，共省 {minutes} 分钟",
        "if all of it works (of {asks}, {expected} are expected to): {visits} visits no longer pay, {crews} crews are free, "
        "{minutes} crew minutes in all",
    ),
    "NEXT_FREES_NONE": (
        "即使全部办成，也没有一次上门可以取消：钱只是流失得慢些，人仍须见到",
        "even if all of it works no visit can be called off: money only leaves more slowly, the person must still be met",
    ),
    "NEXT_RESOLVED": (
        "若全部办成并重排：少去 {visits} 处，空出 {crews} 支力量，另可上门 {reached} 处，再少损失 {yuan} 元",
        "if all of it works and the day is solved again: {visits} visits fewer, {crews} crews free, "
        "{reached} others visited, {yuan} yuan more saved",
    ),
    "NEXT_WAITING": (
        "另有 {count} 项也值得做，人手（{hands} 人）一空就办",
        "{count} more would pay once a hand is free (hands: {hands})",
    ),
    # why an alert is a case
    "HIGH_RISK": ("预警等级为{tier}", "risk is {tier}"),
    "WARNED_REPEATEDLY": ("已被预警 {warnings} 次", "warned {warnings} times"),
    "UNREACHED": (
        "电话 {attempts} 次未接通（{result}）",
        "not reached by phone in {attempts} calls ({result})",
    ),
    "DISBELIEVES": ("电话劝阻无效（{result}）", "reached but not convinced ({result})"),
    "LONG_CALL": ("正在通话 {minutes} 分钟", "on one call for {minutes} min"),
    # why an alert needs no visit
    "PERSUADED": ("电话已劝阻", "persuaded by phone"),
    "RING_FIRST": ("风险较低，先电话联系", "low enough risk: ring first"),
    "NOT_YET": ("预警时间晚于方案时刻", "alerted after the moment of the plan"),
    "UNDER_WAY": ("{responder}已在处置", "{responder} is on it"),
    # what became of a case since the first plan (re-planning)
    "MET": ("{time} 已见面劝阻（{responder}）", "met and persuaded at {time} by {responder}"),
    "WITHDRAWN": (
        "{time} 电话接通已劝阻，撤回上门",
        "reached by phone at {time} and persuaded: visit withdrawn",
    ),
    "TRANSFERRED": (
        "{time} 核实人在外地，已移交当地",
        "found at {time} to be elsewhere: transferred to that centre",
    ),
    "MONEY_GONE": (
        "{time} 核实已转账，转追赃",
        "found at {time} to have sent the money: passed on for recovery",
    ),
    "DUPLICATE": ("{time} 核实为重复派单", "found at {time} to be sent twice"),
    "UNREPORTED": (
        "按方案 {time} 已处置完毕，{responder}尚未反馈",
        "by the plan over at {time}; {responder} has not reported yet",
    ),
    "POSITION_CONTRADICTS": (
        "{responder}报称已到警情 {case} 现场，{time} 的定位却在约 {metres} 米外：请电话核实",
        "{responder} says it is at case {case}, but its position of {time} is about {metres} m away: ring and ask",
    ),
    "POSITION_NOT_THERE": (
        "{responder}按方案应已到警情 {case} 现场，{time} 的定位尚在约 {metres} 米外：按在途计算",
        "by the plan {responder} is at case {case}, but its position of {time} is about {metres} m away: "
        "taken as still on the way",
    ),
    "TRIES_SPENT": (
        "上门 {times} 次均未见到（最近：{outcome}），转电话并报值班长",
        "visited {times} times and not met (last: {outcome}): back to the phones and to the duty lead",
    ),
    "VISIT_AGAIN": ("上次上门：{outcome}（第 {times} 次）", "last visit: {outcome} ({times} so far)"),
    "SECOND_VISIT": ("劝阻后回访，应于 {due}", "second visit after being persuaded, due {due}"),
    "PLACE_CORRECTED": ("地点已更正", "its place was put right"),
    "ROAD_SHUT": ("道路封闭，无法按原路到达", "the road there is shut"),
    "PARTNER_GONE": ("同行力量无法到场", "who was to come along cannot"),
    # what is read out on the radio, each after the name of the crew
    "RADIO_ADDED": (
        "新增警情 {case}（{tier}），{place}，{time} 前后见面",
        "new: case {case} ({tier}), {place}, meet at about {time}",
    ),
    "RADIO_TAKEN_OVER": (
        "接手警情 {case}（原由{other}负责），{place}，{time} 前后见面",
        "take over case {case} from {other}, {place}, meet at about {time}",
    ),
    "RADIO_MOVED": (
        "警情 {case}（{place}）见面由 {before} 改为 {time}，{later} {minutes} 分钟",
        "case {case} ({place}): meet at {time}, not {before}, {minutes} min {later}",
    ),
    "RADIO_PLACE_LEFT": (
        "警情 {case} 不再去 {place}（原定 {time}）",
        "case {case}: {place} is not gone to any more (was {time})",
    ),
    "RADIO_HANDED_OVER": (
        "警情 {case}（{place}，原定 {time}）不用去，改由{other}负责",
        "leave case {case} ({place}, was {time}): {other} takes it",
    ),
    "RADIO_CANCELLED": (
        "警情 {case}（{place}，原定 {time}）取消：{why}",
        "cancel case {case} ({place}, was {time}): {why}",
    ),
    "RADIO_DROPPED": (
        "警情 {case}（{place}，原定 {time}）取消",
        "cancel case {case} ({place}, was {time})",
    ),
    "SAME_ALERT": ("与警情 {case} 为同一预警的另一地点，已合并", "another place of case {case}: merged"),
    "SAME_PERSON": ("与警情 {case} 为同一人，已合并", "same person as case {case}: merged"),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "critical": ("特高危", "critical"),
    "high": ("高危", "high"),
    "medium": ("中危", "medium"),
    "low": ("低危", "low"),
    "station": ("派出所", "station"),
    "town": ("镇街干部", "town officer"),
    "village": ("村干部", "village cadre"),
    "county": ("县级专班", "county squad"),
    "car": ("汽车", "car"),
    "motorcycle": ("摩托车", "motorcycle"),
    "foot": ("步行", "on foot"),
    "unreached": ("未接", "no answer"),
    "busy": ("占线", "busy"),
    "off": ("关机", "switched off"),
    "refused": ("拒接", "refused"),
    "disbelieved": ("不信", "not convinced"),
    "persuaded": ("已劝阻", "persuaded"),
    "home": ("家庭住址", "home"),
    "work": ("工作单位", "work"),
    "fix": ("手机定位", "phone fix"),
    "hotel": ("酒店", "hotel"),
    "relative": ("亲属处", "relative's"),
    "other": ("其他", "other"),
    "police": ("民警", "police"),
    "female": ("女性", "a woman"),
    "hakka": ("客家话", "speaks Hakka"),
    "none": ("未拨打", "not called"),
    "nobody": ("不派人", "nobody"),
    "drive_minutes": ("行驶时长", "the drive"),
    "arrive": ("到达时刻", "the arrival"),
    "wait_minutes": ("等候时长", "the wait"),
    "search_minutes": ("寻找时长", "the search"),
    "contact": ("见面时刻", "the first contact"),
    "leave": ("离开时刻", "the departure"),
    "back": ("返回时刻", "the return"),
    "no_candidate": ("没有坐标，地址也未能定位", "no coordinate, and no address that could be located"),
    # what is wrong with two who should come together
    "comes_alone": ("应有两人，仅一人", "it takes two, one comes alone"),
    "too_many_come": ("应有两人，超过两人", "it takes two, more come"),
    "same_responder": ("两次均为同一力量", "both are the same responder"),
    "not_named": ("同行者记载不一致", "the two do not name each other"),
    "no_leader": ("应有且仅有一方主责", "one of the two must lead, and only one"),
    "wrong_kind": ("同行者类别不符", "who comes along is not of a kind that may"),
    "nobody_asked": ("不需要同行，却写有同行者", "a companion is named, none is asked for"),
    "nearest_one": ("最近的", "the nearest,"),
    "nearest_responsible_one": ("最近的辖区责任力量", "the nearest and responsible one,"),
    "responsible_one": ("辖区责任力量", "the responsible one,"),
    "averts_less": ("少挽损", "less averted"),
    "averts_more": ("多挽损", "more averted"),
    "saves_more": ("可少损失", "save"),
    "saves_less": ("会多损失", "lose"),
    "amap": ("高德", "AMap"),
    "baidu": ("百度", "Baidu"),
    "geo": ("本机地图", "device map"),
    "shut": ("封闭", "closed"),
    "slowed": ("减速通行", "slowed"),
    "later": ("推迟", "later"),
    "sooner": ("提前", "sooner"),
    # what came of a visit
    "met_persuaded": ("见面已劝阻", "met, persuaded"),
    "met_refused": ("见面仍不信", "met, not convinced"),
    "not_home": ("不在家", "not at home"),
    "not_found": ("查无此人", "nobody of that name"),
    "wrong_place": ("地址有误", "wrong address"),
    "elsewhere": ("本人在别处", "is somewhere else"),
    "duplicate": ("重复派单", "sent twice"),
    "already_transferred": ("已转账", "money already sent"),
    "unsafe": ("现场不安全", "not safe"),
    "not_attempted": ("未前往", "did not go"),
}

OUTCOMES: tuple[str, ...] = (
    "met_persuaded",
    "met_refused",
    "not_home",
    "not_found",
    "wrong_place",
    "elsewhere",
    "duplicate",
    "already_transferred",
    "unsafe",
    "not_attempted",
)
"""What a team can report of a stop, in the order sheets list them."""

FRAUD_TYPES: Mapping[str, tuple[str, str]] = {
    "impersonated_police": ("冒充公检法", "impersonated police"),
    "fake_jobs": ("刷单返利", "fake jobs and rebates"),
    "investment": ("投资理财", "fake investment"),
    "customer_service": ("冒充客服", "fake customer service"),
    "acquaintance": ("冒充熟人领导", "posing as boss or friend"),
    "loan": ("网贷", "fake loans"),
    "romance": ("杀猪盘", "romance and investment"),
    "student_loan": ("注销校园贷", "student-loan cancelling"),
    "shopping": ("虚假购物", "fake shopping"),
    "gaming": ("游戏交易", "game trading"),
    "other": ("其他", "other"),
}


def say(reason: Reason, language: Language = "zh") -> str:
    """The reason as one sentence; parameters that are known words are translated too."""
    template = CATALOGUE[reason.code][0 if language == "zh" else 1]
    return template.format(**{key: _shown(key, value, language) for key, value in reason.params.items()})


def _shown(key: str, value: Any, language: Language) -> Any:
    """A parameter as it is read: money with its thousands apart, known words translated."""
    if key.endswith("yuan") and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return word(value, language)


def word(value: Any, language: Language = "zh") -> Any:
    """A known word in the asked language; lists joined; anything else as it is."""
    if isinstance(value, list | tuple | frozenset):
        return ("、" if language == "zh" else ", ").join(str(word(one, language)) for one in value)
    pair = WORDS.get(value) or FRAUD_TYPES.get(value) if isinstance(value, str) else None
    return pair[0 if language == "zh" else 1] if pair else value


def parameters(code: str) -> frozenset[str]:
    """Names of the parameters the code's sentence needs."""
    return frozenset(name for _, name, _, _ in Formatter().parse(CATALOGUE[code][0]) if name)

"""What the invented servers offer: maps, weapons, items and what people call themselves.

Lists whose order matters begin with the most popular.
"""

from __future__ import annotations

from itertools import accumulate

MAPS = (
    "ttt_harbor_b4",
    "ttt_cellar",
    "ttt_lighthouse_v2",
    "ttt_oldmill",
    "ttt_nightbus",
    "ttt_rooftops_fix",
    "ttt_greenhouse",
    "ttt_icebreaker_a3",
    "ttt_mosslab",
    "ttt_observatory",
    "ttt_cableway",
    "ttt_sunken_hall",
    "ttt_brickworks",
    "ttt_teahouse_v5",
    "ttt_signalbox",
    "ttt_quarry_night",
    "ttt_paperfactory",
    "ttt_windfarm",
    "ttt_archive_b1",
    "ttt_carousel",
)
GUNS = (
    "weapon_ttt_m16",
    "weapon_zm_rifle",
    "weapon_zm_mac10",
    "weapon_zm_shotgun",
    "weapon_zm_revolver",
    "weapon_zm_sledge",
    "weapon_ttt_glock",
    "weapon_zm_pistol",
    "weapon_ttt_aug_wren",
    "weapon_ttt_famas_wren",
    "weapon_ttt_bolt_heron",
    "weapon_ttt_smg_swift",
    "weapon_ttt_burst_lark",
    "weapon_ttt_lever_finch",
    "weapon_ttt_pump_owl",
    "weapon_ttt_carbine_kite",
    "weapon_ttt_dual_magpie",
    "weapon_ttt_marksman_ibis",
    "weapon_ttt_auto_stork",
    "weapon_ttt_snub_robin",
    "weapon_ttt_drum_crane",
    "weapon_ttt_scout_egret",
    "weapon_ttt_lmg_condor",
    "weapon_ttt_antique_dodo",
)
BLADES = frozenset(
    {"weapon_zm_improvised", "weapon_ttt_knife", "weapon_ttt_c4", "weapon_ttt_jihad"}
)
WORLD = ("trigger_hurt", "worldspawn", "func_door", "env_fire", "prop_physics", "entityflame")
TRAITOR_WEAPONS = (
    "weapon_ttt_knife",
    "weapon_ttt_sipistol",
    "weapon_ttt_c4",
    "weapon_ttt_flaregun",
    "weapon_ttt_jihad",
    "weapon_ttt_push",
)
TRAITOR_ITEMS = (
    "Radar",
    "Body Armor",
    "weapon_ttt_knife",
    "weapon_ttt_c4",
    "weapon_ttt_sipistol",
    "Disguiser",
    "weapon_ttt_flaregun",
    "weapon_ttt_teleport",
    "weapon_ttt_jihad",
    "weapon_ttt_push",
    "weapon_ttt_decoy",
    "weapon_ttt_radio",
    "weapon_ttt_phammer",
    "weapon_ttt_smokegrenade_toxic",
)
DETECTIVE_ITEMS = (
    "Radar",
    "weapon_ttt_health_station",
    "weapon_ttt_defibrillator",
    "weapon_ttt_stungun",
    "weapon_ttt_binoculars",
    "weapon_ttt_cse",
    "Body Armor",
    "weapon_ttt_wtester",
    "weapon_ttt_defuser",
    "weapon_ttt_teleport",
    "weapon_ttt_goldengun",
    "weapon_ttt_barricade",
    "weapon_ttt_beartrap",
    "Tracker",
    "Speed Shoes",
)
FIRST = (
    "Mossy", "Quiet", "Captain", "Rusty", "Velvet", "Lucky", "Grumpy", "Paper", "Midnight", "Tiny",
    "Soggy", "Doctor", "Crispy", "Hollow", "Turbo", "Sleepy", "Copper", "Feral", "Sir", "Pickled",
)  # fmt: skip
SECOND = (
    "Badger", "Kettle", "Lantern", "Pigeon", "Walnut", "Comet", "Otter", "Biscuit", "Falcon",
    "Teapot", "Cactus", "Moth", "Waffle", "Anchor", "Goblin", "Marble", "Turnip", "Raven",
    "Noodle", "Cobble",
)  # fmt: skip
UNICODE = (
    "Тихий Лис", "🦊 Fenn", "ירח כחול", "Łukrecja", "猫のひげ", "قمر الليل", "Ørn på tur", "Снежок",
    "✦ Nova ✦", "Größenwahn", "달토끼", "Ñandú", "Ночной Трамвай", "🥔King", "ענן קטן", "Σίσυφος",
)  # fmt: skip
SHAPES = (
    "{0}{1}",
    "{0} {1}",
    "{0}_{1}",
    "[OAK] {1}",
    "xX{1}Xx",
    "{1}{2}",
    "the {0} {1}",
    "{1}.exe",
)


def zipf_totals(count: int) -> list[float]:
    """Running totals of Zipf weights: the second of `count` is half as popular as the first."""
    return list(accumulate(1 / rank for rank in range(1, count + 1)))
